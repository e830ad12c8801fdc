/** Types of deliveries: what came in, and what was made of it. */
import { type Description, withFields } from './description.js'

const dispatch = {
  fields: {
    phase: 'Pending until it is dispatched; then Dispatched, GivenUp after too many tries, or Rejected at the door.',
    replay: '0 for the first dispatch, 1 for the first replay, and so on.',
    dispatchedAt: 'When that ended.',
    durationMs: 'How long it took, in milliseconds.',
    verdicts: 'How many triggers fired, were filtered, or failed.',
    created: 'What was created; in a list the first few.',
    message: 'Why nothing, or not everything, was created.',
    triggers: 'What each trigger made of it; only of a single delivery.',
  },
}

export const DELIVERY_TYPES = {
  DeliverySpec: {
    about: 'What came in.',
    fields: {
      id: "The sender's id of it, or one of ours.",
      target: 'Where it came to.',
      source: 'Who sent it: github, gitlab, bitbucket, gitea, slack, cloudevent, schedule or webhook.',
      event: 'The kind of event, as the sender calls it.',
      subject: 'What it is about, in a few words.',
      receivedAt: 'When it came, with milliseconds.',
      url: 'The URL it was sent to.',
      headers: 'Its headers, with credentials masked; only of a single delivery.',
      body: 'Its body.',
    },
  },
  DeliveryTarget: {
    about: 'Where it came to.',
    fields: { kind: 'EventListener or Schedule.', name: 'Its name.' },
  },
  DeliveryBody: {
    about: 'The body.',
    fields: {
      bytes: 'Its size.',
      sha256: 'Its digest.',
      text: 'The body itself, with ?body=true, when it is a text.',
      base64: 'The body itself, with ?body=true, when it is none.',
    },
  },
  DeliveryStatus: withFields(dispatch, 'What was made of it.', {
    copies: 'How often it came.',
    earlier: 'How it ended before it was replayed, oldest first.',
  }),
  DispatchStatus: withFields(dispatch, 'What was made of it, one time.', {}),
  TriggerVerdict: {
    about: 'What one trigger made of it.',
    fields: {
      name: 'The trigger.',
      namespace: 'The namespace of the trigger.',
      verdict: 'fired, filtered, failed or rejected.',
      by: 'The interceptor that filtered it, or what it should have proved.',
      created: 'What was created.',
      message: 'Why nothing was.',
    },
  },
  CreatedObject: {
    about: 'An object that was created.',
    fields: { kind: 'Its kind.', namespace: 'Its namespace.', name: 'Its name.' },
  },
} as const satisfies Readonly<Record<string, Description>>

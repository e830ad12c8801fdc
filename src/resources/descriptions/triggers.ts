/** Types of triggers.tekton.dev, and of Schedules, which fire the same way. */
import { type Description, withFields } from './description.js'

const LEGACY = 'The interceptor of this name as v1alpha1 spelled it; ref and params from v1beta1 on.'

const trigger = {
  fields: {
    name: 'What it is called.',
    serviceAccountName: 'The ServiceAccount that the objects are created as.',
    interceptors: 'Checks and changes of the event, one after the other. The first that says no ends it.',
    bindings: 'Where the parameters of the template come from.',
    template: 'The objects that are created.',
  },
}

const selection = {
  fields: {
    namespaceSelector: 'Namespaces whose Triggers are looked at; its own unless set.',
    labelSelector: 'Labels that the Triggers must have.',
  },
}

export const TRIGGER_TYPES = {
  TriggerSpec: withFields(trigger, 'What is created when an event comes, and whether.', {}),
  EventListenerSpec: withFields(selection, 'What an address listens for.', {
    serviceAccountName: 'The ServiceAccount that reads the triggers and creates their objects.',
    triggers: 'Triggers that are tried for every event.',
    triggerGroups: 'Interceptors that stand before many Triggers, which are found by their labels.',
    resources: 'How Tekton sets up the listener on a cluster.',
    cloudEventURI: 'Where CloudEvents about its events are sent.',
  }),
  EventListenerTrigger: withFields(trigger, 'A trigger, or a reference to a Trigger.', {
    triggerRef: 'A Trigger in the same namespace, in place of the other fields.',
  }),
  EventListenerTriggerGroup: {
    about: 'Interceptors that stand before many Triggers.',
    fields: {
      name: 'What it is called.',
      interceptors: 'Checks and changes of the event, before the Triggers are tried.',
      triggerSelector: 'Which Triggers these are.',
    },
  },
  TriggerSelector: withFields(selection, 'Which Triggers are meant.', {}),
  NamespaceSelector: {
    about: 'Namespaces by name.',
    fields: { matchNames: 'Their names; * for all.' },
  },
  TriggerInterceptor: {
    about: 'A check or change of the event.',
    fields: {
      name: 'What it is called, for people.',
      ref: 'The interceptor that is asked: cel, github, gitlab, bitbucket, slack, or one of your own.',
      params: 'What it is told.',
      webhook: 'An address that is asked in place of an interceptor, as it was done before there were any.',
      github: LEGACY,
      gitlab: LEGACY,
      bitbucket: LEGACY,
      cel: LEGACY,
    },
  },
  InterceptorRef: {
    about: 'Which interceptor is asked.',
    fields: {
      name: 'Its name.',
      kind: 'ClusterInterceptor unless set, or Interceptor.',
      apiVersion: 'Its group and version.',
    },
  },
  InterceptorParam: {
    about: 'Something that an interceptor is told.',
    fields: { name: 'What it is called, such as secretRef, filter or overlays.', value: 'Any JSON.' },
  },
  WebhookInterceptor: {
    about: 'An address that is asked.',
    fields: {
      objectRef: 'The Service it belongs to.',
      url: 'Its URL, in place of a Service.',
      header: 'Headers of the request.',
    },
  },
  WebhookHeader: {
    about: 'A header of the request.',
    fields: { name: 'Its name.', value: 'A text or a list of texts.' },
  },
  TriggerBindingRef: {
    about: 'A TriggerBinding, or a single value.',
    fields: {
      name: 'The parameter that value is for.',
      value: 'Its value. $(body.…), $(header.…) and $(extensions.…) are taken from the event.',
      ref: 'A TriggerBinding, in place of name and value.',
      kind: 'TriggerBinding unless set, or ClusterTriggerBinding.',
      apiVersion: 'Its group and version.',
    },
  },
  TriggerTemplateRef: {
    about: 'A TriggerTemplate, or one itself.',
    fields: {
      ref: 'Its name.',
      apiVersion: 'Its group and version.',
      spec: 'The template itself, in place of a name.',
    },
  },
  TriggerTemplateSpec: {
    about: 'Objects that are created, and the parameters in them.',
    fields: {
      params: 'Parameters. $(tt.params.NAME) stands for a value.',
      resourcetemplates: 'The objects, mostly PipelineRuns.',
    },
  },
  TemplateParam: {
    about: 'A parameter of a template.',
    fields: {
      name: 'What it is called.',
      description: 'What it is for.',
      default: 'What holds when no binding has it.',
    },
  },
  TriggerBindingSpec: {
    about: 'Values that are taken from an event.',
    fields: { params: 'The values.' },
  },
  BindingParam: {
    about: 'A value for a parameter of the template.',
    fields: {
      name: 'The parameter.',
      value: 'Its value. In bindings, $(body.…), $(header.…) and $(extensions.…) are taken from the event.',
    },
  },
  ListenerResources: {
    about: 'How Tekton sets up the listener on a cluster. Tektite listens without.',
    fields: {
      kubernetesResource: 'As a Deployment and a Service.',
      customResource: 'As an object of another kind, such as a Service of Knative.',
    },
  },
  KubernetesResource: {
    about: 'The Deployment and the Service of the listener.',
    fields: {
      replicas: 'How many Pods.',
      serviceType: 'The type of the Service.',
      servicePort: 'The port of the Service.',
      serviceLoadBalancerClass: 'Who balances its load.',
      spec: 'What its Pods are like.',
    },
  },
  ListenerWorkload: { about: 'What its Pods are like.', fields: { template: 'A template of them.' } },
  ListenerPodTemplate: {
    about: 'A template of its Pods.',
    fields: { metadata: 'Their labels and annotations.', spec: 'Their spec.' },
  },
  ListenerPodSpec: {
    about: 'The spec of its Pods.',
    fields: {
      securityContext: 'The user they run as, and other limits.',
      serviceAccountName: 'The ServiceAccount they run as.',
    },
  },
  InterceptorSpec: {
    about: 'How an interceptor of your own is called.',
    fields: { clientConfig: 'Where.' },
  },
  ClientConfig: {
    about: 'Where it is called: url or service.',
    fields: {
      url: 'Its URL.',
      service: 'Its Service.',
      caBundle: 'Certificates that are trusted, PEM in base64.',
    },
  },
  ServiceReference: {
    about: 'A Service.',
    fields: {
      name: 'Its name.',
      namespace: 'Its namespace.',
      path: 'The path of the URL.',
      port: 'The port: 80 unless set, or 443 with certificates.',
    },
  },
  ScheduleSpec: {
    about: 'What is created, and when.',
    fields: {
      schedule: 'When, as in crontab: minute, hour, day of the month, month, day of the week.',
      schedules: 'Several of them, in place of schedule.',
      timeZone: 'The time zone it is read in, as in Europe/Berlin; UTC unless set.',
      bindings: trigger.fields.bindings,
      params: 'Values for the template, as they are.',
      template: trigger.fields.template,
      serviceAccountName: trigger.fields.serviceAccountName,
      concurrencyPolicy: 'What happens while a run is not over: Allow another, Forbid it, or Replace the old one.',
      startingDeadlineSeconds: 'How late it may fire when it could not on time.',
      suspend: 'Whether it rests.',
      successfulRunsHistoryLimit: 'How many runs that succeeded are kept.',
      failedRunsHistoryLimit: 'How many runs that failed are kept.',
    },
  },
} as const satisfies Readonly<Record<string, Description>>

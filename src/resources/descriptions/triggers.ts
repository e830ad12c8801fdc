/** Types of triggers.tekton.dev, and of Schedules, which fire the same way. */
import { type Description, withFields } from './description.js'

const LEGACY = 'Deprecated: the interceptor of this name, as v1alpha1 spelled it. Use ref and params.'

const trigger = {
  fields: {
    name: 'The name of the trigger.',
    serviceAccountName: 'The ServiceAccount that creates the objects.',
    interceptors:
      'Interceptors that check and change the event, one after the other. If one refuses it, nothing is created.',
    bindings: 'Where the values for the parameters of the template come from.',
    template: 'The objects that are created.',
  },
}

const selection = {
  fields: {
    namespaceSelector: 'Namespaces whose Triggers are used; only its own unless set.',
    labelSelector: 'Labels of the Triggers that are used.',
  },
}

export const TRIGGER_TYPES = {
  TriggerSpec: withFields(trigger, 'What is created when an event comes, and under which conditions.', {}),
  EventListenerSpec: withFields(selection, 'Which triggers are tried for the events that come to this listener.', {
    serviceAccountName: 'The ServiceAccount of the listener, which creates the objects unless a trigger names another.',
    triggers: 'Triggers that are tried for each event.',
    triggerGroups: 'Interceptors that run once for many Triggers, which are selected by label.',
    resources: 'The Deployment and Service of the listener on a cluster. Without effect here.',
    cloudEventURI: 'Where CloudEvents about its events are sent.',
  }),
  EventListenerTrigger: withFields(trigger, 'A trigger, or a reference to a Trigger.', {
    triggerRef: 'The name of a Trigger in the same namespace, in place of the other fields.',
  }),
  EventListenerTriggerGroup: {
    about: 'Interceptors that run once for many Triggers.',
    fields: {
      name: 'The name of the group.',
      interceptors: 'Interceptors that check and change the event before the Triggers are tried.',
      triggerSelector: 'Which Triggers are tried.',
    },
  },
  TriggerSelector: withFields(selection, 'Which Triggers are selected.', {}),
  NamespaceSelector: {
    about: 'Namespaces by name.',
    fields: { matchNames: 'The names; * for all namespaces.' },
  },
  TriggerInterceptor: {
    about: 'An interceptor, which checks and changes the event.',
    fields: {
      name: 'A name for people to read.',
      ref: 'The interceptor: cel, github, gitlab, bitbucket, slack, or one of your own.',
      params: 'Parameters of the interceptor.',
      webhook: 'Deprecated: a service that is called, in place of an interceptor.',
      github: LEGACY,
      gitlab: LEGACY,
      bitbucket: LEGACY,
      cel: LEGACY,
    },
  },
  InterceptorRef: {
    about: 'Which interceptor is called.',
    fields: {
      name: 'Its name.',
      kind: 'ClusterInterceptor unless set, or Interceptor.',
      apiVersion: 'Its group and version.',
    },
  },
  InterceptorParam: {
    about: 'A parameter of an interceptor.',
    fields: { name: 'The name, such as secretRef, eventTypes, filter or overlays.', value: 'Any JSON.' },
  },
  WebhookInterceptor: {
    about: 'A service that is called.',
    fields: {
      objectRef: 'The Service.',
      url: 'The URL, in place of a Service.',
      header: 'Headers that are added to the request.',
    },
  },
  WebhookHeader: {
    about: 'A header of the request.',
    fields: { name: 'Its name.', value: 'A text or a list of texts.' },
  },
  TriggerBindingRef: {
    about: 'A TriggerBinding, or a single value.',
    fields: {
      name: 'The name of a parameter of the template.',
      value: 'The value. $(body.…), $(header.…) and $(extensions.…) stand for parts of the event.',
      ref: 'The name of a TriggerBinding, in place of name and value.',
      kind: 'TriggerBinding unless set, or ClusterTriggerBinding.',
      apiVersion: 'Its group and version.',
    },
  },
  TriggerTemplateRef: {
    about: 'A reference to a TriggerTemplate, or the template itself.',
    fields: {
      ref: 'The name of the TriggerTemplate.',
      apiVersion: 'Its group and version.',
      spec: 'The template itself, in place of ref.',
    },
  },
  TriggerTemplateSpec: {
    about: 'Objects that are created, and the parameters in them.',
    fields: {
      params: 'Parameters that bindings give values for. $(tt.params.NAME) stands for the value.',
      resourcetemplates: 'The objects that are created, such as PipelineRuns.',
    },
  },
  TemplateParam: {
    about: 'A parameter of a template.',
    fields: {
      name: 'The name of the parameter.',
      description: 'What the parameter is for.',
      default: 'The value when no binding gives one.',
    },
  },
  TriggerBindingSpec: {
    about: 'Values that are taken from an event.',
    fields: { params: 'Values for the parameters of a TriggerTemplate.' },
  },
  BindingParam: {
    about: 'A value for a parameter of the template.',
    fields: {
      name: 'The name of the parameter.',
      value: 'The value. In bindings, $(body.…), $(header.…) and $(extensions.…) stand for parts of the event.',
    },
  },
  ListenerResources: {
    about: 'The Deployment and Service of a listener on a cluster. Without effect here.',
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
    fields: { clientConfig: 'Where it is called.' },
  },
  ClientConfig: {
    about: 'Where an interceptor is called: url or service.',
    fields: {
      url: 'The URL.',
      service: 'The Service.',
      caBundle: 'The certificates that are trusted: PEM, in base64.',
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
      schedule: 'The time, as in a crontab: minute, hour, day of the month, month, day of the week.',
      schedules: 'Several times, in place of schedule.',
      timeZone: 'The time zone of the schedule, such as Europe/Berlin; UTC unless set.',
      bindings: trigger.fields.bindings,
      params: 'Values for the parameters of the template.',
      template: trigger.fields.template,
      serviceAccountName: trigger.fields.serviceAccountName,
      concurrencyPolicy:
        'What happens when a run has not ended yet. Allow (the default): another one starts. Forbid: none starts. Replace: another one starts, and the old one is cancelled.',
      startingDeadlineSeconds: 'How many seconds late it may still fire, when it could not on time.',
      suspend: 'Whether it is suspended: nothing fires then.',
      successfulRunsHistoryLimit: 'How many runs that succeeded are kept; 3 unless set.',
      failedRunsHistoryLimit: 'How many runs that failed are kept; 1 unless set.',
    },
  },
} as const satisfies Readonly<Record<string, Description>>

/** Our own annotations: they sit on Tekton's and Kubernetes' kinds, and mean nothing to a real Tekton. */

/** On a PersistentVolumeClaim of a throw-away engine: the folder of this machine that it stands for. */
export const HOST_PATH_ANNOTATION = 'tektite.dev/host-path'

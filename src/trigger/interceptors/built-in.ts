/** The interceptors that run in this process, by their names. */
import { bitbucket } from './bitbucket.js'
import { cel } from './cel.js'
import { gitea } from './gitea.js'
import { github } from './github.js'
import { gitlab } from './gitlab.js'
import type { InterceptorKind } from './interceptor.js'
import type { BuiltInName } from './locate.js'
import { slack } from './slack.js'

/** What runs here, in this process. */
export const BUILT_IN: Readonly<Record<BuiltInName, InterceptorKind>> = { github, gitlab, bitbucket, gitea, slack, cel }

import { readFileSync } from 'node:fs'
import { admit, admitManifests } from '/work/main/src/admission/admit.ts'
import { test } from 'vitest'
test('bench', () => {
  const seed = readFileSync('/work/shared/spec/seed-manifests.yaml','utf8')
  for (let i=0;i<20;i++) admitManifests([{file:'s',text:seed}])
  let t=performance.now(); for (let i=0;i<100;i++) admitManifests([{file:'s',text:seed}]); console.log('seed, 4 objects', ((performance.now()-t)/100).toFixed(2),'ms')
  const pr = { apiVersion:'tekton.dev/v1',kind:'PipelineRun',metadata:{generateName:'a-'},spec:{pipelineRef:{name:'p'},params:[{name:'a',value:'b'}],workspaces:[{name:'w',emptyDir:{}}]}}
  for (let i=0;i<2000;i++) admit(pr)
  t=performance.now(); for (let i=0;i<10000;i++) admit(pr); console.log('admit PipelineRun ref', ((performance.now()-t)/10000*1000).toFixed(1),'us')
  const tasks=Array.from({length:1000},(_,i)=>({name:`t${i}`,taskSpec:{steps:[{image:'i',script:'echo $(params.a) $(tasks.t0.results.r)'}]},runAfter:i?[`t${i-1}`]:[]})); 
  t=performance.now(); const r=admit({apiVersion:'tekton.dev/v1',kind:'PipelineRun',metadata:{name:'x'},spec:{params:[{name:'a',value:'b'}],pipelineSpec:{tasks}}}); console.log('1000 inline tasks', r.is, (performance.now()-t).toFixed(0),'ms')
  for (const [n,x] of Object.entries({
    brackets:'['.repeat(1_500_000), quotes:'"'.repeat(1_000_000), onekey:'a'.repeat(1_500_000), keys:Array.from({length:100_000},(_,i)=>`k${i}: ${i}`).join('\n'),
    lines:'- a\n'.repeat(300_000), dashes:'---\n'.repeat(300_000), docs:'a: 1\n---\n'.repeat(30_000), spaces:' '.repeat(1_500_000), qmarks:'? '.repeat(900), colons:': '.repeat(500_000), indent:Array.from({length:900},(_,i)=>' '.repeat(i)+'a:').join('\n'),
    flow990:'['.repeat(990)+']'.repeat(990), anchors:Array.from({length:50_000},(_,i)=>`- &a${i} x`).join('\n'), mergebomb:'a: &a {b: 1}\n'+Array.from({length:20_000},(_,i)=>`k${i}: {<<: *a}`).join('\n'), bang:'!'.repeat(500_000), digits:'a: '+'1'.repeat(1_400_000), hash:'#'.repeat(1_500_000), crlf:'\r'.repeat(1_000_000), pct:'%'.repeat(1_000_000), params:'x: "'+'$(params.'.repeat(150_000)+'"', flowkeys:'{'+Array.from({length:60_000},(_,i)=>`k${i}: 1`).join(', ')+'}',
  })) { t=performance.now(); const a=admitManifests([{file:'f',text:x}]); const ms=performance.now()-t; if(ms>300) console.log(n, a.is, ms.toFixed(0),'ms') }
  const big='$(params.'.repeat(150_000)
  t=performance.now(); admit({apiVersion:'tekton.dev/v1',kind:'Task',metadata:{name:'x'},spec:{steps:[{image:'i',script:big, args:[`$(params.${'a'.repeat(1_000_000)}`]}]}}); console.log('big script',(performance.now()-t).toFixed(0),'ms')
}, 600000)

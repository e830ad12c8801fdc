import { appendFileSync } from 'node:fs'
import { admit, admitManifests } from '../../src/admission/admit.js'
import { test } from 'vitest'
const say=(...a: unknown[])=>appendFileSync('/tmp/bench.log',a.join(' ')+'\n')
const gens: Record<string,(n:number)=>string> = {
 quotes:n=>'"'.repeat(n), keys:n=>Array.from({length:n/10},(_,i)=>`k${i}: ${i}`).join('\n'), lines:n=>'- a\n'.repeat(n/4), dashes:n=>'---\n'.repeat(n/4), docs:n=>'a: 1\n---\n'.repeat(n/9), spaces:n=>' '.repeat(n), colons:n=>': '.repeat(n/2), indent:n=>Array.from({length:Math.sqrt(n*2)|0},(_,i)=>' '.repeat(i)+'a:').join('\n'),
 flow990:()=>'['.repeat(990)+']'.repeat(990), anchors:n=>Array.from({length:n/10},(_,i)=>`- &a${i} x`).join('\n'), mergebomb:n=>'a: &a {b: 1}\n'+Array.from({length:n/20},(_,i)=>`k${i}: {<<: *a}`).join('\n'), bang:n=>'!'.repeat(n), digits:n=>'a: '+'1'.repeat(n), hash:n=>'#'.repeat(n), crlf:n=>'\r'.repeat(n), pct:n=>'%'.repeat(n), params:n=>'x: "'+'$(params.'.repeat(n/9)+'"', flowkeys:n=>'{'+Array.from({length:n/10},(_,i)=>`k${i}: 1`).join(', ')+'}', commas:n=>','.repeat(n), close:n=>']'.repeat(n), flowcommas:n=>'['+','.repeat(n), q2:n=>"'".repeat(n), aliases:n=>'a: &a 1\nb: ['+Array(n/4|0).fill('*a').join(', ')+']', pipes:n=>'|'.repeat(n), nl:n=>'\n'.repeat(n), tabs:n=>'\t'.repeat(n), comm:n=>'# \n'.repeat(n/3), nestq:n=>'? '.repeat(n/2), text:n=>'a '.repeat(n/2), multil:n=>'a: b\n'+'  c\n'.repeat(n/4), blk:n=>'a: |\n'+'  c\n'.repeat(n/4), blk2:n=>'a: |\n'+'  \n'.repeat(n/3)+'x',
}
test('bench', () => {
  for (const [k,g] of Object.entries(gens)) { const ts=[25_000,50_000,100_000].map(n=>{const x=g(n); const t=performance.now(); admitManifests([{file:'f',text:x}]); return performance.now()-t}); if (ts[2]!>100) say(k, ts.map(t=>t.toFixed(0)).join(' ')) }
  const t=performance.now(); admit({apiVersion:'tekton.dev/v1',kind:'Task',metadata:{name:'x'},spec:{steps:[{image:'i',script:'$(params.'.repeat(150_000), args:[`$(params.${'a'.repeat(1_000_000)}`, '$(steps.a.results.'.repeat(60_000)]}]}}); say('big script',(performance.now()-t).toFixed(0),'ms')
  const t2=performance.now(); admit({apiVersion:'tekton.dev/v1',kind:'Pipeline',metadata:{name:'x'},spec:{tasks:[{name:'a',taskRef:{name:'b'},params:[{name:'p',value:'$('.repeat(300_000)},{name:'q',value:'$(a'+'a'.repeat(500_000)},{name:'z',value:'$(a['.repeat(100_000)}]}]}}); say('big params',(performance.now()-t2).toFixed(0),'ms')
  say('end')
}, 600000)

"""Runs a command in a terminal of its own, and answers what it asks: terminal.py COLUMNS '[["question", "answer"], …]' COMMAND…"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios

columns, answers, command = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    # In here: the size is there before the command looks.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    os.execvp(command[0], command)
said, looked_at = b"", 0
while True:
    ready, _, _ = select.select([terminal], [], [], 60)
    if not ready:
        os.kill(pid, 9)
        break
    try:
        data = os.read(terminal, 65536)
    except OSError:  # the command has ended
        break
    if not data:
        break
    said += data
    while answers and answers[0][0].encode() in said[looked_at:]:
        question, answer = answers.pop(0)
        looked_at = said.index(question.encode(), looked_at) + len(question.encode())
        os.write(terminal, answer.encode())
sys.stdout.buffer.write(said.replace(b"\r\n", b"\n"))
sys.stdout.buffer.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))

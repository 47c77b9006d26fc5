"""A PyTorch GPT-2 training step behind a line protocol, as engine-step.mjs speaks it, so that the two can take turns.

The first line printed is {"ready": true, "torch": version, "parameters": n, ...}. Then {"steps": k} answers
{"milliseconds": [...], "loss": x}, where each step is forward, backward, clipping, AdamW and reading the loss, and
{"quit": true} answers {"peakMegabytes": x} and ends; {"error": reason} is the last answer of one that cannot go on. The model is
written as people write it (nanoGPT).

Measure on an idle machine. PyTorch's OpenMP threads wait by spinning; where another process has the cores, that alone made a small
step of 4 ms take 830 ms (2 threads on 2 shared cores). OMP_WAIT_POLICY=passive in the environment takes this away, and
costs a little on an idle machine; the first line says which was set.
"""
import argparse
import json
import math
import os
import resource
import sys
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
for name, default in [("layers", 8), ("width", 256), ("heads", 8), ("vocab", 15007), ("rows", 4), ("length", 512), ("threads", 2)]:
    parser.add_argument(f"--{name}", type=int, default=default)
parser.add_argument("--slots", type=int, help="scored positions: the head runs on these rows alone, as in fine-tuning")
parser.add_argument("--mode", choices=["fp32-eager", "fp32-sdpa", "fp32-compile", "bf16-autocast", "bf16-compile"], default="fp32-sdpa")
parser.add_argument("--optimizer", choices=["fused", "foreach", "single"], default="fused")
args = parser.parse_args()

torch.set_num_threads(args.threads)
torch.manual_seed(1)
precision, style = args.mode.split("-")
context = max(512, args.length)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_attn = nn.Linear(args.width, 3 * args.width)
        self.c_proj = nn.Linear(args.width, args.width)
        if style == "eager":
            self.register_buffer("mask", torch.ones(context, context, dtype=torch.bool).tril(), persistent=False)

    def forward(self, x):
        rows, length, width = x.shape
        q, k, v = (
            part.view(rows, length, args.heads, width // args.heads).transpose(1, 2)
            for part in self.c_attn(x).split(width, dim=2)
        )
        if style == "eager":
            scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(k.size(-1)))
            scores = scores.masked_fill(~self.mask[:length, :length], float("-inf"))
            y = F.softmax(scores, dim=-1) @ v
        else:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(rows, length, width))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(args.width)
        self.attn = Attention()
        self.ln_2 = nn.LayerNorm(args.width)
        self.c_fc = nn.Linear(args.width, 4 * args.width)
        self.c_proj = nn.Linear(4 * args.width, args.width)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.c_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class Gpt2(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(args.vocab, args.width)
        self.wpe = nn.Embedding(context, args.width)
        self.h = nn.ModuleList(Block() for _ in range(args.layers))
        self.ln_f = nn.LayerNorm(args.width)
        self.lm_head = nn.Linear(args.width, args.vocab, bias=False)
        self.lm_head.weight = self.wte.weight
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                scale = 1 / math.sqrt(2 * args.layers) if name.endswith("c_proj.weight") else 1
                nn.init.normal_(parameter, std=0.02 * scale)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens, targets, scored_rows):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.size(1)))
        for block in self.h:
            x = block(x)
        x = x.flatten(0, 1)
        if scored_rows is not None:
            x = x[scored_rows]
        return F.cross_entropy(self.lm_head(self.ln_f(x)), targets)


model = Gpt2()
parameters = list(model.parameters())
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ],
    lr=1e-3, betas=(0.9, 0.95), eps=1e-8, fused=args.optimizer == "fused", foreach=args.optimizer == "foreach",
)
run = torch.compile(model) if style == "compile" else model

positions = args.rows * args.length
scored = args.slots or positions
batches = [
    (
        torch.randint(args.vocab, (args.rows, args.length)),
        torch.randint(args.vocab, (scored,)),
        torch.randperm(positions)[:scored].sort().values if args.slots else None,
    )
    for _ in range(8)
]


def step(number):
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        loss = run(*batches[number % len(batches)])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


def answer(value):
    print(json.dumps(value), flush=True)


def peak_megabytes():
    # Not getrusage's peak where it can be helped: that one starts from the peak of the process which started this one.
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


answer({
    "ready": True, "torch": torch.__version__, "parameters": sum(p.numel() for p in parameters),
    "mode": args.mode, "optimizer": args.optimizer, "threads": torch.get_num_threads(),
    "waitPolicy": os.environ.get("OMP_WAIT_POLICY", "default"),
})
done = 0
for line in sys.stdin:
    request = json.loads(line)
    if request.get("quit"):
        answer({"peakMegabytes": peak_megabytes()})
        break
    milliseconds = []
    loss = math.nan
    try:
        for _ in range(request["steps"]):
            begin = time.perf_counter()
            loss = step(done)
            milliseconds.append((time.perf_counter() - begin) * 1000)
            done += 1
    except Exception as error:  # torch.compile needs a compiler and fails in many ways
        text = " ".join(str(error).split())
        answer({"error": f"{type(error).__name__}: {text[:200]}"})
        break
    answer({"milliseconds": milliseconds, "loss": loss})

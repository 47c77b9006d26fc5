"""GPT-2 written out in PyTorch, trained on given weights and batches, for agreement.mjs to compare with.

usage: torch_agreement.py FOLDER. Reads weights.safetensors and task.json there; writes gradients.safetensors (first batch, computed in
float64) and losses.json (50 AdamW steps, float32 and float64).
"""
import json
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

folder = Path(sys.argv[1])
task = json.loads((folder / "task.json").read_text())
layers, heads, steps, warmup, peak = (task[key] for key in ["layers", "heads", "steps", "warmup", "peak"])
start = load_file(folder / "weights.safetensors")
batches = [[torch.tensor(batch[key]).view(task["rows"], task["length"]) for key in ["tokens", "targets"]] for batch in task["batches"]]


def loss_of(p, tokens, targets):
    rows, length = tokens.shape
    x = F.embedding(tokens, p["wte.weight"]) + p["wpe.weight"][:length]
    width = x.shape[-1]

    def norm(x, name):
        return F.layer_norm(x, (width,), p[f"{name}.weight"], p[f"{name}.bias"], 1e-5)

    def conv(x, name):
        return x @ p[f"{name}.weight"] + p[f"{name}.bias"]

    for n in range(layers):
        q, k, v = (
            part.view(rows, length, heads, width // heads).transpose(1, 2)
            for part in conv(norm(x, f"h.{n}.ln_1"), f"h.{n}.attn.c_attn").split(width, dim=2)
        )
        scores = q @ k.transpose(-2, -1) / math.sqrt(width // heads)
        scores = scores.masked_fill(torch.ones(length, length, dtype=torch.bool).triu(1), float("-inf"))
        attended = (scores.softmax(-1) @ v).transpose(1, 2).reshape(rows, length, width)
        x = x + conv(attended, f"h.{n}.attn.c_proj")
        x = x + conv(F.gelu(conv(norm(x, f"h.{n}.ln_2"), f"h.{n}.mlp.c_fc"), approximate="tanh"), f"h.{n}.mlp.c_proj")
    logits = norm(x, "ln_f") @ p["wte.weight"].T
    return F.cross_entropy(logits.view(rows * length, -1), targets.reshape(-1))


def train(dtype):
    p = {name: value.to(dtype).clone().requires_grad_() for name, value in start.items()}
    groups = [
        {"params": [value for value in p.values() if value.dim() >= 2], "weight_decay": 0.1},
        {"params": [value for value in p.values() if value.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.95), eps=1e-8)
    losses = []
    for step in range(steps):
        rate = peak * (step + 1) / warmup if step < warmup else peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = loss_of(p, *batches[step % len(batches)])
        loss.backward()
        if step == 0 and dtype == torch.float64:
            save_file({name: value.grad.clone() for name, value in p.items()}, folder / "gradients.safetensors")
        torch.nn.utils.clip_grad_norm_(p.values(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


losses = {"float32": train(torch.float32), "float64": train(torch.float64)}
(folder / "losses.json").write_text(json.dumps(losses))

"""A plain PyTorch fine-tuning loop over transformers' model, behind the line protocol of sft.mjs, so that the two can take turns.

    python bench/sft_peers.py --model runs/stories15m --batches FILE --mode packed

FILE is what sft.mjs writes. The first line printed describes this process; then {"steps": k} answers {"milliseconds": [...], "losses": [...]}
and {"quit": true} answers {"peakMegabytes": x} and ends. The modes:

    packed         the packed batch under a block-diagonal additive mask (sdpa attention), logits of all positions, cross-entropy that
                   ignores what is not scored, AdamW as torch makes it by default
    packed-fused   the same with fused AdamW
    packed-scored  the same with fused AdamW and the head on the scored positions only, as ours does
    padded         the same examples one a row, padded to the longest of the batch, loss from the model's own `labels`: the loop of TRL
                   without packing; fused AdamW, its default
    packed-bf16    packed-fused under bfloat16 autocast

Making a batch's tensors is not timed. OMP_WAIT_POLICY=passive helps where the cores are shared (see torch_step.py).
"""
import argparse
import contextlib
import json
import os
import resource
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import torch.nn.functional as F
import transformers

MODES = ["packed", "packed-fused", "packed-scored", "padded", "packed-bf16"]
parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--batches", required=True)
parser.add_argument("--mode", choices=MODES, required=True)
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--learning-rate", type=float, default=1e-4)
args = parser.parse_args()
torch.set_num_threads(args.threads)
transformers.utils.logging.disable_progress_bar()
IGNORED = -100


def megabytes(key):
    # Not getrusage's peak where it can be helped: that one starts from the peak of the process which started this one.
    with contextlib.suppress(OSError), open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(key)) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


def packed(batch):
    """tokens, positions [rows, length], mask [rows, 1, length, length] of 0 and -inf, labels [rows * length] of the next tokens."""
    tokens, positions, segments = (batch[name].view(rows, length) for name in ["tokens", "positions", "segments"])
    seen = (segments[:, :, None] == segments[:, None, :]).tril()
    mask = torch.zeros(rows, 1, length, length).masked_fill_(~seen[:, None], float("-inf"))
    labels = torch.full((rows * length,), IGNORED)
    used = batch["weights"] > 0
    labels[batch["scoredRows"][used]] = batch["targets"][used]
    return {"input_ids": tokens, "position_ids": positions, "attention_mask": mask}, labels


def packed_scored(batch):
    inputs, _ = packed(batch)
    used = batch["weights"] > 0
    return inputs, (batch["scoredRows"][used], batch["targets"][used])


def padded(batch):
    """input_ids, attention_mask, labels [examples, longest]; the model shifts the labels itself."""
    tokens, segments = (batch[name].view(rows, length) for name in ["tokens", "segments"])
    is_scored = torch.zeros(rows * length, dtype=torch.bool)
    is_scored[batch["scoredRows"][batch["weights"] > 0] + 1] = True
    places = [(row, segments[row] == s) for row in range(rows) for s in range(1, int(segments[row].max()) + 1)]
    examples = [tokens[row][where] for row, where in places]
    scored = [is_scored.view(rows, length)[row][where] for row, where in places]
    pad = torch.nn.utils.rnn.pad_sequence
    return {
        "input_ids": pad(examples, batch_first=True),
        "attention_mask": pad([torch.ones_like(e) for e in examples], batch_first=True),
        "labels": pad([e.masked_fill(~s, IGNORED) for e, s in zip(examples, scored)], True, IGNORED),
    }, None


def loss_of_all(inputs, labels):
    logits = model(**inputs, use_cache=False).logits
    return F.cross_entropy(logits.view(-1, logits.size(-1)), labels, ignore_index=IGNORED)


def loss_of_scored(inputs, scored):
    places, targets = scored
    hidden = model.model(**inputs, use_cache=False).last_hidden_state
    return F.cross_entropy(model.lm_head(hidden.flatten(0, 1)[places]), targets)


def loss_of_model(inputs, _):
    return model(**inputs, use_cache=False).loss


collate, loss_of = {"packed-scored": (packed_scored, loss_of_scored), "padded": (padded, loss_of_model)}.get(
    args.mode, (packed, loss_of_all)
)
with open(args.batches) as file:
    task = json.load(file)
rows, length = task["rows"], task["length"]
batches = [{name: torch.tensor(values) for name, values in batch.items()} for batch in task["batches"]]
del task

model = transformers.AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32, attn_implementation="sdpa")
# Trains all the same, without the dropout that some configurations ask for: ours has none.
model.eval()
parameters = list(model.parameters())
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ],
    lr=args.learning_rate, betas=(0.9, 0.95), eps=1e-8, fused=None if args.mode == "packed" else True,
)


def step(inputs, labels):
    with torch.autocast("cpu", torch.bfloat16, enabled=args.mode == "packed-bf16"):
        loss = loss_of(inputs, labels)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def answer(value):
    print(json.dumps(value), flush=True)


answer({
    "torch": torch.__version__, "transformers": transformers.__version__, "parameters": sum(p.numel() for p in parameters),
    "restMegabytes": megabytes("VmRSS"), "waitPolicy": os.environ.get("OMP_WAIT_POLICY", "default"),
    "positionsPerStep": sum(collate(batch)[0]["input_ids"].numel() for batch in batches) / len(batches),
})
done = 0
for line in sys.stdin:
    request = json.loads(line)
    if request.get("quit"):
        answer({"peakMegabytes": megabytes("VmHWM")})
        break
    milliseconds, losses = [], []
    for _ in range(request["steps"]):
        inputs, labels = collate(batches[done % len(batches)])
        begin = time.perf_counter()
        losses.append(step(inputs, labels))
        milliseconds.append((time.perf_counter() - begin) * 1000)
        done += 1
    answer({"milliseconds": milliseconds, "losses": losses})

"""A pass of the ArcFace head of `fr-bench head --sgd` (forward, backward, SGD) against the same in PyTorch, and the memory of both."""
import gc

import rounds

rounds.require("torch")
import torch

import networks


class Head:
    """The head in PyTorch, warm. On a GPU compiled, its products in bf16."""

    def __init__(self, options):
        torch.manual_seed(1)
        self.gpu = options.device == "cuda"
        self.head = networks.ArcFace(options.classes).to(options.device)
        self.embeddings = torch.randn(options.batch, networks.EMBEDDING, device=options.device, requires_grad=True)
        self.labels = (torch.arange(options.batch) * 7919 % options.classes).to(options.device)
        self.forward = torch.compile(self.loss) if self.gpu else self.loss
        self.sgd = torch.optim.SGD(self.head.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4)
        for _ in range(3 if self.gpu else 1):
            self.step()

    def loss(self):
        with torch.autocast(self.embeddings.device.type, torch.bfloat16, enabled=self.gpu):
            return self.head(self.embeddings, self.labels)

    def step(self):
        self.embeddings.grad = None
        self.sgd.zero_grad(set_to_none=True)
        self.forward().backward()
        self.sgd.step()
        if self.gpu:
            torch.cuda.synchronize()


def peer_seconds(options, memory):
    """Of one pass. The head is made anew in each turn, because ours needs the GPU's memory in its own."""
    if options.device == "cpu":
        return rounds.least_seconds(Head(options).step, options.seconds)
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    seconds = rounds.least_seconds(Head(options).step, options.seconds)
    memory["PyTorch"] = torch.cuda.max_memory_allocated()
    return seconds


def our_seconds(options, ours, memory):
    if options.device == "cpu":
        return ours.seconds()
    gc.collect()  # what PyTorch left
    torch.cuda.empty_cache()
    seconds = ours.seconds()
    memory["fr-bench"] = ours.report["device_bytes"]
    return seconds


def main():
    def add(parser):
        parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="(%(default)s)")
        parser.add_argument("--classes", type=int, default=100_000, help="of the head (%(default)s)")

    options = rounds.arguments(__doc__, (), 512, add)
    torch.set_num_threads(options.threads)
    ours = rounds.FrBench("head", options, "--sgd", "--classes", str(options.classes), "--backend",
                          "cuda" if options.device == "cuda" else "cpu")
    memory = {}
    sides = {"fr-bench": lambda: our_seconds(options, ours, memory), "PyTorch": lambda: peer_seconds(options, memory)}
    versions = {}
    try:
        sides["PyTorch"]()
    except torch.cuda.OutOfMemoryError as error:
        versions["PyTorch"] = f"out of memory: {str(error).splitlines()[0]}"
        del sides["PyTorch"]
    seconds, load = rounds.interleave(sides, options.rounds)
    versions.update({"fr": ours.report["environment"]["git_revision"],
                     **rounds.torch_versions(torch),
                     **{f"memory of the GPU, {name}": f"{used / 1e9:.2f} GB" for name, used in memory.items()}})
    rounds.report(options, "head", seconds, load, versions)


if __name__ == "__main__":
    main()

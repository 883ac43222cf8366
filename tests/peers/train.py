"""One training step (forward, ArcFace, backward, SGD) of `fr-bench train` against the same step in PyTorch."""
import rounds

rounds.require("torch")
import torch

import networks


class Step:
    """The step in one memory format, warm. On a GPU compiled, its convolutions and products in bf16."""

    def __init__(self, options, memory_format):
        torch.manual_seed(1)
        self.budget = options.seconds
        self.gpu = options.device == "cuda"
        self.network = networks.make(options.network).train().to(options.device, memory_format=memory_format)
        self.head = networks.ArcFace(options.classes).to(options.device)
        self.images = (torch.rand(options.batch, 3, 112, 112) * 2 - 1).to(options.device, memory_format=memory_format)
        self.labels = (torch.arange(options.batch) * 7919 % options.classes).to(options.device)
        self.forward = torch.compile(self.loss) if self.gpu else self.loss
        trainable = [p for p in (*self.network.parameters(), *self.head.parameters()) if p.requires_grad]
        self.sgd = torch.optim.SGD(trainable, lr=1e-3, momentum=0.9, weight_decay=5e-4)
        for _ in range(3 if self.gpu else 1):
            self.step()

    def loss(self):
        with torch.autocast(self.images.device.type, torch.bfloat16, enabled=self.gpu):
            return self.head(self.network(self.images), self.labels)

    def step(self):
        self.sgd.zero_grad(set_to_none=True)
        self.forward().backward()
        self.sgd.step()
        if self.gpu:
            torch.cuda.synchronize()

    def seconds(self):
        return rounds.least_seconds(self.step, self.budget)


def faster_format(options):
    """PyTorch at its best: both formats are timed, the faster one stays."""
    formats = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    if options.device == "cuda":
        del formats["contiguous"]
    steps = {name: Step(options, value) for name, value in formats.items()}
    seconds = {name: step.seconds() for name, step in steps.items()}
    best = min(seconds, key=seconds.get)
    return steps[best], best, seconds


def main():
    def add(parser):
        parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="(%(default)s)")
        parser.add_argument("--classes", type=int, default=1000, help="of the head (%(default)s)")

    options = rounds.arguments(__doc__, networks.NETWORKS, 16, add)
    torch.set_num_threads(options.threads)
    ours = rounds.FrBench("train", options, "--classes", str(options.classes), "--backend",
                          "cuda" if options.device == "cuda" else "cpu")
    peer, name, tried = faster_format(options)
    seconds, load = rounds.interleave({"fr-bench": ours.seconds, f"PyTorch {name}": peer.seconds}, options.rounds)
    versions = {"fr": ours.report["environment"]["git_revision"], **rounds.torch_versions(torch),
                "torch_formats": ", ".join(f"{key} {1e3 * value:.1f} ms" for key, value in tried.items())}
    rounds.report(options, "train", seconds, load, versions)


if __name__ == "__main__":
    main()

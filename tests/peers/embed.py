"""Inference of one batch by `fr-bench embed` against ONNX Runtime and PyTorch on the CPU."""
import os
import tempfile

import rounds

rounds.require("torch", "onnx", "onnxruntime", "numpy")
import onnxruntime
import torch

import networks


def onnx_session(network, images, threads):
    """The network as ONNX (batch norms folded by both exporter and runtime), loaded with every optimisation."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.onnx")
        torch.onnx.export(network, images, path, input_names=["images"], output_names=["embeddings"], opset_version=13)
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main():
    options = rounds.arguments(__doc__, networks.NETWORKS, 16)
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    network = networks.settle(networks.make(options.network))
    images = torch.rand(options.batch, 3, 112, 112) * 2 - 1
    session = onnx_session(network, images, options.threads)
    feed = {"images": images.numpy()}

    with torch.inference_mode():
        expected = network(images)
        got = torch.from_numpy(session.run(None, feed)[0])
        error = float((got - expected).norm() / expected.norm())
        if not error < 1e-3:
            raise SystemExit(f"{options.network}: ONNX Runtime and PyTorch differ by {error:.2g}")
        ours = rounds.FrBench("embed", options)
        seconds, load = rounds.interleave(
            {"fr-bench": ours.seconds,
             "ONNX Runtime": lambda: rounds.least_seconds(lambda: session.run(None, feed), options.seconds),
             "PyTorch": lambda: rounds.least_seconds(lambda: network(images), options.seconds)}, options.rounds)
    versions = {"fr": ours.report["environment"]["git_revision"], "onnxruntime": onnxruntime.__version__,
                **rounds.torch_versions(torch)}
    rounds.report(options, "embed", seconds, load, versions)


if __name__ == "__main__":
    main()

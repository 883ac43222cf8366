// fr-train: images to a model file. A killed run continues where its last checkpoint was.
#include "fr_train.h"

int main(int argc, char** argv) {
  fr::TrainCommand command;
  fr::Options options(
      "fr-train", "Train a face-recognition network; without --data on synthetic faces.",
      "fr-train --data faces/train_packed --network iresnet_tiny --loss arcface\n  "
      "fr-train --data faces/train_packed --network iresnet50 --loss cosface --epochs 24 --schedule "
      "step --eval-data faces --eval-every 1000\n  "
      "fr-train --data videos.h5 --labels train_gt.txt --network mlp --embedding-size 1024 --loss softmax");
  fr::add_options(options, command);
  return options.run(argc, argv, [&] { return fr::train(command); });
}

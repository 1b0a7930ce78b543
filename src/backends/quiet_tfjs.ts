import * as tf from "@tensorflow/tfjs";

// tfjs advertises its Node binding on stderr when its plain CPU backend is first used, which a
// model does that is loaded before a backend was opened. In production mode it does not.
tf.enableProdMode();

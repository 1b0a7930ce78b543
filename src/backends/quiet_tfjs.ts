import * as tf from "@tensorflow/tfjs";

// tfjs advertises its Node binding on stderr on first use of its plain CPU backend, which happens
// when a model is loaded before a backend is opened. In production mode it does not.
tf.enableProdMode();

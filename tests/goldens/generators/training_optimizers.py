"""Optimizers that programs of TensorFlow 1 brought along, written after their public descriptions.

``AdamWeightDecay`` does what that of google-research's BERT does, ``Lamb`` what that of its ALBERT
does (You et al. 2019), ``Adafactor`` what Tensor2Tensor's does (Shazeer and Stern 2018).
"""

import re

import tensorflow as tf


class AdamWeightDecay(tf.train.Optimizer):
    """Adam without bias correction, with decay beside the gradient's step."""

    def __init__(self, learning_rate, weight_decay_rate=0.01, exclude=("norm", "bias", "beta")):
        super().__init__(False, "AdamWeightDecayOptimizer")
        self.rate, self.decay, self.exclude = learning_rate, weight_decay_rate, exclude
        self.beta_1, self.beta_2, self.epsilon = 0.9, 0.999, 1e-6

    def update_of(self, update, param):
        """Returns what is subtracted."""
        return self.rate * update

    def leaves_out(self, param):
        """Tells whether a variable isn't decayed."""
        return any(re.search(one, param.op.name) for one in self.exclude)

    def apply_gradients(self, grads_and_vars, global_step=None, name=None):
        assignments = []
        for grad, param in grads_and_vars:
            param_name = re.match("^(.*):\\d+$", param.name).group(1)
            shape = param.shape.as_list()
            m, v = (
                tf.get_variable(
                    name=param_name + slot,
                    shape=shape,
                    dtype=tf.float32,
                    trainable=False,
                    initializer=tf.zeros_initializer(),
                )
                for slot in ("/adam_m", "/adam_v")
            )
            next_m = tf.multiply(self.beta_1, m) + tf.multiply(1.0 - self.beta_1, grad)
            next_v = tf.multiply(self.beta_2, v) + tf.multiply(1.0 - self.beta_2, tf.square(grad))
            update = next_m / (tf.sqrt(next_v) + self.epsilon)
            if not self.leaves_out(param):
                update += self.decay * param
            next_param = param - self.update_of(update, param)
            assignments += [param.assign(next_param), m.assign(next_m), v.assign(next_v)]
        # BERT counts beside the steps, so that what reads the count may see it before or after.
        with tf.control_dependencies(assignments):
            return global_step.assign_add(1, name=name).op


class Lamb(AdamWeightDecay):
    """The same, the step of each variable that is decayed as large as the variable."""

    def update_of(self, update, param):
        """Returns what is subtracted."""
        if self.leaves_out(param):
            return 1.0 * self.rate * update
        w_norm, g_norm = tf.norm(param, ord=2), tf.norm(update, ord=2)
        within = tf.where(tf.greater(g_norm, 0), w_norm / g_norm, 1.0)
        return tf.where(tf.greater(w_norm, 0), within, 1.0) * self.rate * update


class Adafactor(tf.train.Optimizer):
    """Adam with a second moment of rows and one of columns."""

    def __init__(self, rate=None, beta1=0.0, beta2=None, scaled=True, clip=1.0):
        super().__init__(False, "Adafactor")
        self.rate, self.beta1, self.beta2 = rate, beta1, beta2
        self.scaled, self.clip = scaled, clip

    def _factored(self, var):
        return len(var.shape) >= 2

    def _create_slots(self, var_list):
        for var in var_list:
            shape = var.shape.as_list()
            if self.beta1:
                self._zeros_slot(var, "m", self._name)
            if self._factored(var):
                self._get_or_make_slot(var, tf.zeros(shape[:-1]), "vr", self._name)
                self._get_or_make_slot(var, tf.zeros(shape[:-2] + shape[-1:]), "vc", self._name)
            else:
                self._get_or_make_slot(var, tf.zeros(shape), "v", self._name)

    def _decay(self):
        step = tf.cast(tf.train.get_or_create_global_step(), tf.float32) + 1.0
        if self.beta2 is None:
            return 1.0 - tf.pow(step, -0.8)
        return (
            self.beta2 * (1.0 - tf.pow(self.beta2, step - 1.0)) / (1.0 - tf.pow(self.beta2, step))
        )

    def _apply_dense(self, grad, var):
        return self._resource_apply_dense(grad, var)

    def _apply_sparse(self, grad, var):
        return self._resource_apply_dense(tf.convert_to_tensor(grad), var)

    def _resource_apply_dense(self, grad, handle):
        var = handle
        squared = tf.square(grad) + 1e-30
        nothing = tf.reduce_mean(squared) * 1e-30  # as Tensor2Tensor has it for its compiler
        step = tf.cast(tf.train.get_or_create_global_step(), tf.float32)
        rate = tf.minimum(tf.rsqrt(step + 1.0), 0.01) if self.rate is None else self.rate
        rate = tf.convert_to_tensor(rate, name="update_scale")
        if self.scaled:
            rate *= tf.maximum(_rms(var), 1e-3)
        decay = self._decay() + nothing
        rate += nothing
        rest = 1.0 - decay
        if self._factored(var):
            vr, vc = self.get_slot(var, "vr"), self.get_slot(var, "vc")
            new_r = decay * vr + rest * tf.reduce_mean(squared, -1)
            new_c = decay * vc + rest * tf.reduce_mean(squared, -2)
            mean = tf.reduce_mean(new_r, -1, keepdims=True)
            r, c = tf.rsqrt(new_r / mean), tf.rsqrt(new_c)
            x = grad * tf.expand_dims(r, -1) * tf.expand_dims(c, -2)
            updates = [tf.assign(vr, new_r), tf.assign(vc, new_c)]
        else:
            v = self.get_slot(var, "v")
            new_v = decay * v + rest * squared
            x = grad * tf.rsqrt(new_v)
            updates = [tf.assign(v, new_v)]
        if self.clip is not None:
            x /= tf.maximum(1.0, _rms(x) / self.clip)
        taken = rate * x
        if self.beta1:
            m = self.get_slot(var, "m")
            taken = self.beta1 * m + (1.0 - self.beta1) * taken
            updates.append(tf.assign(m, taken))
        return tf.group(tf.assign(var, var - taken), *updates)


def _rms(x):
    return tf.sqrt(tf.reduce_mean(tf.square(x)))

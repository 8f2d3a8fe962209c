"""Integer kernels over blocks of samples. Pure: no hardware, no clock, nothing allocated in steady state."""

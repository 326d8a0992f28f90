"""What this scipy's build says of itself, a line each."""

import scipy

scipy.show_config()

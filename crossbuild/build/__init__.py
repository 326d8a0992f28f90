"""How a wheel is built: workspace, cross environment, the package's own back end."""

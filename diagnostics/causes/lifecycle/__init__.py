"""Tasks and deployments: crashes, failed starts, roll-outs."""

"""The partners of the simulated company, and the S3 bucket that they put files into."""

"""What a laboratory runs before it uses the pipeline: known answers, drawn under its own conditions."""

"""What errors alone do at every allele: learned from a run, a panel or the platform; limits of detection."""

"""xinyi: from an office's plain files to its public website and its signed eligibility bundles."""

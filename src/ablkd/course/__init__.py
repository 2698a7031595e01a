"""Serial samples of one patient and the clinical events, as rows."""

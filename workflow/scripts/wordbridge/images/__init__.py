"""Images: tables of image sets, decoding, backbone features, splits."""

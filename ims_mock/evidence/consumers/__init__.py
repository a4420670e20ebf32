"""What clients need of IMS: contracts of consumers, found out from what a client sent and got, or written by hand."""

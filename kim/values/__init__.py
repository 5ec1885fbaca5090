"""Money, time and what people write: values without models and without a request."""

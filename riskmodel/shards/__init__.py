"""A case file scored in shards, by processes that know nothing of each other, and put together again."""

"""Where samples come from: async iterators of `Sample`, on asyncio and on trio."""

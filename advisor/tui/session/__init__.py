"""The main screen: a session as it goes, and the keys that steer it."""

"""A Functions host for HTTP functions written in Python (v1 programming model), for where Core Tools can't be had.

It plays the host's part only: files and routes (`host_json`, `function_json`, `local_settings`, `routes`), limits
(`request_queue`) and HTTP (`server`). Functions are loaded and run by Microsoft's own Python worker library (`worker`,
speaking `messages`), the code that runs them on Azure.
"""

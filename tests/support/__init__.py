"""What tests share: fakes, servers, damaged and hostile input, and clients of the app."""

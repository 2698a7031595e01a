"""Sanger traces -> the tables that reads have."""

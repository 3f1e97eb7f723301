"""Language models behind one interface; wrappers around a model are models too."""

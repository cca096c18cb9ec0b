"""tmp"""
def statements(count: int) -> list[str]:
    """tmp"""
    return []

"""Cases as pages share them: each knee of a session's film, the reader's grades, what is saved."""

"""Google's generateContent, of Gemini and of Vertex."""

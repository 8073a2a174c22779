"""A crew of one agent with one tool."""

from crewai import Agent, Crew, Task
from crewai.tools import tool


@tool("get_weather")
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"rain in {city}"


agent = Agent(
    role="Forecaster", goal="Say the weather", backstory="You know the weather.", tools=[get_weather], llm="gpt-4o"
)
task = Task(description="What is the weather in Oslo?", expected_output="One sentence", agent=agent)
print(Crew(agents=[agent], tasks=[task]).kickoff().raw)

"""LangChain's standard suites over an unmodified ChatOpenAI; `test_standard_suites.py` runs them by pytest."""

from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests


class TestUnits(ChatModelUnitTests):
    """The suite that asks nobody."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        """The model under test."""
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        """Its arguments."""
        return {"model": "gpt-4o-mini"}


class TestAnswers(ChatModelIntegrationTests):
    """The suite that asks the API."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        """The model under test."""
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        """Its arguments."""
        return {"model": "gpt-4o-mini", "stream_usage": True}

    @property
    def supports_image_inputs(self) -> bool:
        """Whether it takes images."""
        return True

    @property
    def supports_image_urls(self) -> bool:
        """Whether it takes addresses of images."""
        return True

    @property
    def supports_json_mode(self) -> bool:
        """Whether it writes JSON without a schema."""
        return True

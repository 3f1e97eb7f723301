"""Tells about the service itself: `/models`, `/health`, `/openapi.json`. Open to anyone."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas import bootstrap
from lambdas.api import answer
from lambdas.models import model_list
from lambdas.responses import responses
from lambdas.schemas import Health, ModelList

router = Router()


@router.get(
    "/models",
    summary="List the models a message may ask for",
    operation_id="listModels",
    tags=["meta"],
    responses=responses(200, "The models."),
)
def list_models() -> ModelList:
    return model_list(bootstrap.settings().models)


@router.get(
    "/health",
    summary="Tell that the API answers",
    operation_id="getHealth",
    tags=["meta"],
    responses=responses(200, "It does."),
)
def get_health() -> Health:
    return Health()


@router.get("/openapi.json", include_in_schema=False, enable_validation=False)
def get_openapi() -> Response[str]:
    document = files("lambdas").joinpath("openapi.json").read_text(encoding="utf-8")
    return Response(status_code=200, content_type="application/json", body=document)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return answer(router, event, context)

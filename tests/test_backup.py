"""A backup made while the desk is written to, brought back elsewhere: the same heads, hashes and media, and a new epoch."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dispatch.clock import now
from dispatch.database import Database
from dispatch.events import epoch
from dispatch.models import TABLES
from dispatch.published import now_in
from processes.backing_up import Manifest, finished, media_folder
from dispatch.settings import Settings
from tests.command_line import SETTINGS, Said
from tests.people import People, eventually
from tests.servers import Postgres, Server, Valkey
from tests.stack import CHECKOUT, App, Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole, log_of

pytestmark = pytest.mark.anyio

"""What holds while tests run: nothing leaves this machine, and none fails because the machine is busy."""

import os

from hypothesis import HealthCheck, settings

from tests.support.offline import no_network

no_network.watch()
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["DATASETS_VERBOSITY"] = "error"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads of a model that wait leave the processor to other tests
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

"""Template + values -> text per channel and language; GSM-7 parts; missing values all at once.

Functions are called through their module: `templates.load`, `render.check_values`,
`render.render`, `check.alert`, `gsm7.measure`.
"""

from umsalert.messages import check, gsm7, render, templates
from umsalert.messages.gsm7 import SmsSize
from umsalert.messages.render import Facts, Order
from umsalert.messages.templates import Template, Variable

__all__ = [
    "Facts",
    "Order",
    "SmsSize",
    "Template",
    "Variable",
    "check",
    "gsm7",
    "render",
    "templates",
]

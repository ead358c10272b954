"""The closed list of finding codes. docs/reference/findings.md says the same, and a test keeps the two equal.

1xx a file could not be read · 2xx a key or value has the wrong shape · 3xx files do not fit together ·
4xx usage could not be read or trusted · 5xx usage was measured but not billed, or a price did not fit ·
6xx a source, feed or run could not do its work · 7xx an approval does not count, or is missing.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple


class Code(NamedTuple):
    """What a code means: its severity and its title."""

    severity: Literal["error", "warning", "info"]
    title: str


CODES: Final[Mapping[str, Code]] = MappingProxyType(
    {
        # 1xx: files that could not be read
        "RB101": Code("error", "The file is not UTF-8"),
        "RB102": Code("error", "The file is not YAML"),
        "RB103": Code("error", "A key stands twice"),
        "RB104": Code("error", "Anchors, aliases, tags, merge keys and directives are not used in a book"),
        "RB105": Code("error", "A file holds several documents"),
        "RB106": Code("error", "A file is empty"),
        "RB107": Code("error", "A number or truth value is not written as one"),
        "RB108": Code("error", "A text holds invisible characters, or is not in NFC"),
        "RB109": Code("error", "A file is too large or too deep"),
        "RB110": Code("error", "A key has no value"),
        "RB111": Code("error", "A file stands where the book has no place for it"),
        "RB112": Code("error", "A file's name is not an id"),
        "RB113": Code("error", "Two files, or rows, have the same id"),
        "RB114": Code("error", "There is no specs/book.yaml"),
        "RB115": Code("error", "A CSV file cannot be read"),
        "RB116": Code("error", "A CSV file of contracts is not sorted by id"),
        "RB117": Code("error", "A file has more errors than are shown"),
        # 2xx: keys and values of the wrong shape
        "RB201": Code("error", "Unknown key"),
        "RB202": Code("error", "A key is missing"),
        "RB203": Code("error", "A value is of the wrong type"),
        "RB204": Code("error", "A value is not one of those that are possible"),
        "RB205": Code("error", "A number is out of range"),
        "RB206": Code("error", "A text does not have the right form"),
        "RB207": Code("error", "A date, time or duration cannot be understood"),
        "RB208": Code("error", "A time does not say of which time zone"),
        "RB209": Code("error", "A price does not say, once, for how many units it is"),
        "RB210": Code("error", "A tree of values is not as deep as its dimensions"),
        "RB211": Code("error", "Unknown currency"),
        "RB212": Code("error", "Unknown time zone"),
        "RB213": Code("error", "A secret stands in the book"),
        "RB214": Code("error", "Two keys exclude one another"),
        "RB216": Code("error", "A template cannot be compiled"),
        "RB217": Code("error", "A list or mapping is empty"),
        # 3xx: files that do not fit together
        "RB301": Code("error", "A reference leads nowhere"),
        "RB302": Code("error", "Tiers do not rise, or do not end open"),
        "RB303": Code("error", "Versions are not in order of time"),
        "RB304": Code("error", "A meter has no price"),
        "RB305": Code("error", "A meter that is not billed has a price"),
        "RB306": Code("error", "Units do not fit"),
        "RB307": Code("error", "A column does not fit its use"),
        "RB308": Code("error", "An amount cannot be given in the invoice's currency"),
        "RB309": Code("error", "Two contracts bill the same subject at the same time"),
        "RB310": Code("error", "Something ends before it begins"),
        "RB311": Code("warning", "An exclusive end on the last day of a month"),
        "RB312": Code("error", "A minimum is above its maximum"),
        "RB313": Code("error", "A contract's type does not fit its content"),
        "RB314": Code("error", "An event would be billed twice"),
        "RB315": Code("warning", "Nothing uses a file"),
        "RB316": Code("warning", "A larger quantity costs less"),
        "RB317": Code("error", "Two parts of a contract have the same id"),
        "RB318": Code("error", "An override does not fit what it overrides"),
        "RB319": Code("error", "A charge has no price"),
        "RB320": Code("error", "A key is not one of its dimension"),
        "RB321": Code("error", "A price does not fit what it prices"),
        "RB322": Code("error", "A discount can never apply"),
        "RB323": Code("error", "A commitment that is billed in advance is never billed"),
        "RB324": Code("warning", "A commitment ends inside a billing period"),
        "RB340": Code(
            "error", "Phases, pauses or a trial do not follow one another inside the contract's life"
        ),
        "RB341": Code("error", "Plans of one contract are billed in different cycles"),
        "RB342": Code("error", "A charge cannot go on in the ladder of another"),
        "RB343": Code("warning", "A price lock holds nothing back"),
        "RB344": Code("error", "A published plan is changed"),
        "RB360": Code("error", "A role asks for more people than it has"),
        "RB361": Code("error", "Two people sign with one key"),
        # 4xx: usage that could not be read or trusted
        "RB401": Code("error", "The data of a source is not there"),
        "RB402": Code("error", "A column of a source is missing"),
        "RB403": Code("error", "A column of a source is of the wrong type"),
        "RB404": Code("error", "A column holds numbers that are not exact"),
        "RB405": Code("error", "Times of events have no time zone"),
        "RB406": Code("error", "Events without an id"),
        "RB407": Code("error", "Events without a subject"),
        "RB408": Code("error", "Events without a time that can be read"),
        "RB409": Code("error", "Events without a value to aggregate"),
        "RB410": Code("error", "A value is not exactly what its column holds"),
        "RB411": Code("error", "An event id stands with different content"),
        "RB412": Code("warning", "An event id stands on several days"),
        "RB413": Code("info", "Events were delivered again"),
        "RB414": Code("warning", "Subjects with spaces or invisible characters"),
        "RB415": Code("error", "A file of usage cannot be read"),
        "RB416": Code("error", "A quantity is too large to count with"),
        "RB417": Code("warning", "Events neither add nor remove their value"),
        "RB418": Code("error", "An event takes back nothing"),
        "RB419": Code("warning", "Events are of a time that has not come"),
        # 5xx: usage that was measured but not billed, and prices that did not fit
        "RB501": Code("error", "Usage of a subject that no contract names"),
        "RB502": Code("error", "Usage outside the life of its contract"),
        "RB503": Code("error", "Usage of a meter for which the contract has no price"),
        "RB504": Code("error", "Usage that no multiplier covers"),
        "RB505": Code("error", "Usage that no cell of a price matrix covers"),
        "RB506": Code("error", "Usage beyond the included units of a blocked price"),
        "RB507": Code("error", "Usage of a billing period adds up to less than zero"),
        "RB508": Code("error", "No exchange rate"),
        "RB509": Code("warning", "Exchange rate is estimated"),
        "RB510": Code("info", "The billing period is not over yet"),
        "RB511": Code("info", "Balances are taken as unused"),
        "RB512": Code("warning", "A closed period would be billed otherwise today"),
        "RB513": Code("error", "An invoice cannot be corrected in another currency"),
        "RB514": Code("warning", "A credit note gives back less than a correction comes to"),
        # 6xx: sources that could not do their work
        "RB601": Code("error", "Something that a run needs cannot be reached or read"),
        "RB602": Code("error", "A source refuses the credentials, or what they may do"),
        "RB603": Code("error", "The environment does not say where usage is"),
        "RB604": Code("error", "A secret is not there"),
        "RB605": Code("error", "A query of a source failed"),
        "RB606": Code("error", "A source ran out of memory or time"),
        "RB607": Code("error", "A line of the exchange rate table cannot be used"),
        "RB608": Code("error", "Invoices that were issued before cannot be read"),
        "RB609": Code("warning", "Two saved results differ in more than the book"),
        "RB610": Code("warning", "Two compared books read a source otherwise"),
        # 7xx: approvals that do not count, and those that are missing
        "RB701": Code("error", "An approval cannot be read"),
        "RB702": Code("error", "An approval is not what was signed"),
        "RB703": Code("warning", "An approval is for something else"),
        "RB704": Code("error", "An approval does not cover everything"),
        "RB705": Code("error", "A signature was made for another purpose"),
        "RB706": Code("error", "An approval is by nobody whom the policy knows"),
        "RB707": Code("error", "An approval is signed with the key of someone else"),
        "RB708": Code("warning", "A key may not sign at the time"),
        "RB709": Code("error", "An approval is given in a role that its signer does not have"),
        "RB710": Code("warning", "An author approves their own change"),
        "RB711": Code("info", "Someone approved twice"),
        "RB712": Code("error", "An approval is missing"),
        "RB713": Code("error", "The policy refuses the change"),
    }
)

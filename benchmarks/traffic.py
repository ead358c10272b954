"""What the traffic of a multi-chain RPC provider looks like: chains, methods, how often, how large, how slow.

Weights are relative. The figures are plausible ones for a public gateway; nothing here knows prices.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Method(NamedTuple):
    """A JSON-RPC method: how often it is called, its typical answer in bytes, its typical latency in ms."""

    name: str
    weight: int
    size: int
    latency: int


class Chain(NamedTuple):
    """A chain: how popular it is, which methods it speaks, its networks (the main one first)."""

    name: str
    weight: int
    ecosystem: str
    networks: tuple[str, ...]


ECOSYSTEMS: Final[Mapping[str, tuple[Method, ...]]] = {
    "evm": (
        Method("eth_call", 300, 900, 45),
        Method("eth_blockNumber", 120, 60, 8),
        Method("eth_getBalance", 90, 90, 20),
        Method("eth_getTransactionReceipt", 80, 2_400, 35),
        Method("eth_getBlockByNumber", 70, 38_000, 70),
        Method("eth_getLogs", 60, 160_000, 240),
        Method("eth_getTransactionByHash", 40, 1_100, 30),
        Method("eth_estimateGas", 30, 70, 80),
        Method("eth_gasPrice", 30, 60, 10),
        Method("eth_chainId", 30, 50, 5),
        Method("eth_getTransactionCount", 25, 60, 18),
        Method("eth_sendRawTransaction", 15, 110, 130),
        Method("net_version", 12, 45, 4),
        Method("eth_getBlockByHash", 12, 38_000, 70),
        Method("eth_getCode", 10, 12_000, 25),
        Method("eth_feeHistory", 10, 900, 30),
        Method("eth_getStorageAt", 10, 100, 22),
        Method("eth_maxPriorityFeePerGas", 9, 60, 12),
        Method("eth_getBlockReceipts", 6, 310_000, 210),
        Method("debug_traceTransaction", 3, 900_000, 700),
        Method("trace_block", 2, 1_200_000, 650),
        Method("eth_getProof", 2, 7_000, 90),
        Method("debug_traceBlockByNumber", 1, 5_500_000, 1_900),
    ),
    "solana": (
        Method("getAccountInfo", 200, 1_400, 25),
        Method("getMultipleAccounts", 110, 14_000, 40),
        Method("getLatestBlockhash", 90, 200, 10),
        Method("getSignatureStatuses", 80, 300, 20),
        Method("getTransaction", 70, 4_800, 60),
        Method("getTokenAccountsByOwner", 50, 9_000, 120),
        Method("getSlot", 50, 70, 6),
        Method("sendTransaction", 40, 120, 90),
        Method("getSignaturesForAddress", 40, 22_000, 150),
        Method("simulateTransaction", 25, 2_600, 110),
        Method("getBlock", 12, 1_900_000, 420),
        Method("getProgramAccounts", 8, 2_700_000, 1_100),
    ),
    "near": (
        Method("query", 220, 700, 35),
        Method("block", 60, 9_000, 40),
        Method("tx", 50, 3_200, 90),
        Method("chunk", 30, 26_000, 60),
        Method("gas_price", 25, 80, 10),
        Method("broadcast_tx_commit", 15, 1_800, 900),
        Method("EXPERIMENTAL_changes", 8, 45_000, 200),
        Method("validators", 4, 120_000, 180),
    ),
    "bitcoin": (
        Method("getrawtransaction", 160, 2_100, 30),
        Method("getblockhash", 70, 90, 10),
        Method("gettxout", 60, 400, 25),
        Method("getblockchaininfo", 50, 700, 10),
        Method("estimatesmartfee", 40, 70, 12),
        Method("getblock", 25, 1_500_000, 380),
        Method("sendrawtransaction", 10, 90, 110),
    ),
    "cosmos": (
        Method("abci_query", 180, 900, 40),
        Method("status", 60, 1_200, 10),
        Method("block", 50, 15_000, 45),
        Method("tx_search", 30, 90_000, 450),
        Method("block_results", 20, 210_000, 160),
        Method("broadcast_tx_sync", 12, 200, 90),
        Method("validators", 6, 31_000, 60),
    ),
    "starknet": (
        Method("starknet_call", 160, 500, 60),
        Method("starknet_blockNumber", 60, 60, 9),
        Method("starknet_getEvents", 35, 70_000, 320),
        Method("starknet_getTransactionReceipt", 35, 3_000, 50),
        Method("starknet_traceTransaction", 4, 480_000, 800),
    ),
    "sui": (
        Method("sui_getObject", 150, 1_500, 30),
        Method("sui_multiGetObjects", 70, 24_000, 60),
        Method("suix_getOwnedObjects", 45, 18_000, 110),
        Method("sui_executeTransactionBlock", 15, 3_400, 450),
        Method("suix_queryEvents", 12, 52_000, 280),
    ),
    "ton": (
        Method("runGetMethod", 130, 800, 70),
        Method("getAddressInformation", 90, 600, 40),
        Method("getTransactions", 60, 16_000, 140),
        Method("sendBoc", 12, 100, 160),
    ),
}

CHAINS: Final[tuple[Chain, ...]] = (
    Chain("ethereum", 300, "evm", ("mainnet", "sepolia", "hoodi")),
    Chain("polygon", 120, "evm", ("mainnet", "amoy")),
    Chain("base", 110, "evm", ("mainnet", "sepolia")),
    Chain("bnb", 100, "evm", ("mainnet", "testnet")),
    Chain("arbitrum", 90, "evm", ("one", "nova", "sepolia")),
    Chain("solana", 130, "solana", ("mainnet", "devnet")),
    Chain("optimism", 60, "evm", ("mainnet", "sepolia")),
    Chain("avalanche", 40, "evm", ("c-chain", "fuji")),
    Chain("gnosis", 20, "evm", ("mainnet", "chiado")),
    Chain("near", 30, "near", ("mainnet", "testnet")),
    Chain("bitcoin", 50, "bitcoin", ("mainnet", "testnet4")),
    Chain("cosmos", 25, "cosmos", ("cosmoshub-4", "osmosis-1")),
    Chain("starknet", 20, "starknet", ("mainnet", "sepolia")),
    Chain("sui", 20, "sui", ("mainnet", "testnet")),
    Chain("ton", 15, "ton", ("mainnet", "testnet")),
)

UNLISTED_CHAINS: Final = ("monad", "berachain", "plasma")
"""Chains that the gateway serves before anyone gave them a price; they speak `evm`."""

# fmt: off
HOURS: Final = (
    28, 25, 23, 22, 23, 26, 31, 38, 46, 52, 54, 55,
    55, 57, 59, 60, 58, 54, 50, 46, 42, 38, 31, 27,
)
# fmt: on
"""How 1,000 requests of a day spread over its 24 hours, in UTC."""

WEEKDAYS: Final = (100, 103, 105, 104, 98, 81, 77)
"""Relative volume of a day, Monday first."""

FIRST_RANKS_FLATTENED: Final = 2
"""Zipf's law with this offset: organisation `r` (from 1) gets a share of 1 / (r + offset)."""

PLACES: Final = (55, 25, 15, 5)
"""Per cent of an organisation's requests on the first, second … chain that it uses."""


def organisation(number: int) -> str:
    """Name the generated organisation of a number that counts from 0.

    >>> organisation(0)
    'org_000001'
    """
    return f"org_{number + 1:06d}"

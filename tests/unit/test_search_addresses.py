"""Only public addresses are fetched from, however they are spelled."""

import asyncio
import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astral.search.addresses import Refused, checked_place, is_public, system_resolver

AZURE, METADATA = map(ipaddress.ip_address, ("168.63.129.16", "169.254.169.254"))
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "203.0.113.9",
    "240.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:7f00:1:0:0:0:0",
    "8.8.8.8%1",
    "nonsense",
    "2130706433",
    "0x7f000001",
]
PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "2606:2800:220:1:248:1893:25c8:1946",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address):
    assert is_public(address)


def place(url, resolve=system_resolver, **options):
    return asyncio.run(checked_place(url, resolve, **options))


def answers(*addresses):
    async def resolve(host, port):
        return addresses

    return resolve


# The operating system reads all of these as this machine or a neighbour; none of them needs a network.
SPELLINGS = [
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://0/",
    "http://127.0.0.1./",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::]/",
    "http://[fe80::1%25lo]/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[64:ff9b::7f00:1]/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
]


@pytest.mark.parametrize("url", SPELLINGS)
def test_every_spelling_of_a_private_address_is_refused(url):
    with pytest.raises(Refused):
        place(url)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "ftp://news.example/",
            "gopher://news.example/",
            "javascript:alert(1)",
            "//news.example/",
            "",
        ),
        *(
            "http://user@news.example/",
            "http://user:pw@news.example/",
            "http://8.8.8.8@127.0.0.1/",
            "http://:@news.example/",
        ),
        *(
            "http://news.example:8080/",
            "https://news.example:80/",
            "http://news.example:443/",
            "http://news.example:22/",
        ),
        *(
            "http:///path",
            "http://",
            "http://[::1",
            "http://news.example:99999/",
            "http://a b/",
            "http://news.example/\r\nX: y",
        ),
        *(
            "http://" + "a" * 300 + "/",
            "http://news.example/" + "x" * 3000,
            "http://new_s%2eexample/",
            "http://exa\x00mple/",
        ),
    ],
)
def test_addresses_that_are_no_page_are_refused_before_anything_is_resolved(url):
    async def never(host, port):
        raise AssertionError("resolved")

    with pytest.raises(Refused):
        place(url, never)


def test_all_addresses_of_a_host_must_be_public_and_the_checked_one_is_kept():
    assert place("https://news.example/a?b=c#d", answers("93.184.216.34", "8.8.8.8")) == place(
        "https://news.example/a?b=c", answers("93.184.216.34")
    )
    found = place("https://news.example:443/a?b=c", answers("93.184.216.34"))
    assert (found.scheme, found.host, found.path, found.address, found.port) == (
        *("https", "news.example", "/a?b=c"),
        *("93.184.216.34", 443),
    )
    for addresses in (("93.184.216.34", "127.0.0.1"), ("10.0.0.1", "93.184.216.34"), ("::1",), ()):
        with pytest.raises(Refused):
            place("http://news.example/", answers(*addresses))


def test_a_host_that_changes_its_address_between_two_questions_gains_nothing():
    asked = []

    async def rebinding(host, port):
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    assert place("http://news.example/", rebinding).address == "93.184.216.34"
    assert asked == ["news.example"]
    with pytest.raises(Refused):
        place("http://news.example/", rebinding)


def test_a_name_that_is_not_known_is_refused():
    with pytest.raises(Refused, match="not known"):
        place("http://no-such-host.invalid/")


# What inet_aton takes: one to four parts, each decimal, octal or hexadecimal, the last one for all that is left.
BASES = (str, oct, hex, lambda n: f"0{n:o}", lambda n: f"0X{n:X}", lambda n: f"000{n:o}")


@st.composite
def spelled(draw, address):
    """An IPv4 address as a URL may spell it."""
    count = draw(st.integers(1, 4))
    octets = [*int(address).to_bytes(4, "big")]
    parts = [*octets[: count - 1], int.from_bytes(octets[count - 1 :], "big")]
    text = ".".join(draw(st.sampled_from(BASES))(part).replace("0o", "0") for part in parts)
    text += draw(st.sampled_from(["", "."]))
    wide = str.maketrans("0123456789.", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\u3002")
    return draw(st.sampled_from([text, text.upper(), text.translate(wide)]))


def carried(address):
    """IPv6 addresses that lead to an IPv4 one: mapped, compatible, NAT64, 6to4, Teredo; long, short and in capitals."""
    high, low = divmod(int(address), 1 << 16)
    plain = [f"::ffff:{address}", f"::ffff:{high:x}:{low:x}", f"::{address}", f"64:ff9b::{high:x}:{low:x}"]
    plain += [f"2002:{high:x}:{low:x}::1", f"2001:0:{high:x}:{low:x}:0:0:f7f7:f7f7"]
    longs = [ipaddress.ip_address(text).exploded for text in plain]
    return [*plain, *longs, *(text.upper() for text in longs)]


def ours(address):
    """True for what a page may not be fetched from, as the standard library sees it."""
    return not address.is_global or address.is_multicast or address.is_reserved


INSIDE = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
CARRYING = [ipaddress.ip_network(one) for one in ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32")]
private = st.one_of(*(st.ip_addresses(network=network) for network in INSIDE), st.just(AZURE), st.just(METADATA))


@settings(max_examples=500)
@given(st.data())
def test_no_spelling_of_an_inner_address_gets_through(data):
    """What the operating system makes of it is asked, as in a run; no network is needed for an address."""
    url = f"http://{data.draw(spelled(data.draw(private)))}/"
    with pytest.raises(Refused):
        place(url)


@settings(max_examples=150)
@given(st.one_of(st.ip_addresses(v=4), private))
def test_ipv6_that_carries_an_ipv4_address_is_as_public_as_that(address):
    for text in carried(address):
        if ours(address) or address == AZURE:
            assert not is_public(text)
            with pytest.raises(Refused):
                place(f"http://[{text}]/")


@settings(max_examples=600)
@given(st.ip_addresses().filter(lambda address: not any(address in network for network in CARRYING)))
def test_nothing_that_the_standard_library_knows_as_inner_is_public(address):
    if ours(address) or address.is_loopback or address.is_link_local or address.is_private:
        assert not is_public(str(address))


DISGUISES = [
    "http://127.0.0.1:80/",
    "HTTP://LocalHost/",
    "http://localhost%2e/",
    "http://%31%32%37.0.0.1/",
    "http://127.0.0.1%00.news.example/",
    "http://127.0.0.1\\@news.example/",
    "http://news.example\\@127.0.0.1/",
    "http://news.example#@127.0.0.1/",
    "http://127.0.0.1#@news.example/",
    "http://[::ffff:169.254.169.254]/",
    "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
    "http://0xA9FEA9FE/latest/meta-data/",
    "http://2852039166/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://168.63.129.16/metadata",
    "http://[fd00:ec2::254]/latest/",
    "http://metadata.google.internal./",
    "http://\u2460\u2461\u2466.0.0.1/",
    "http://loc\u0430lhost/",
    "http://local\u00adhost/",
    "http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/",
    "http://127.0.0.1\u3002/",
    "http://1.1.1.1 &@127.0.0.1#@news.example/",
    "http://127.1.1.1:80\\@127.2.2.2:80/",
    "http:127.0.0.1/",
    "http:/127.0.0.1/",
    "http:///127.0.0.1/",
    "//127.0.0.1/",
    "\thttp://127.0.0.1/",
    "jar:http://127.0.0.1!/",
]


@pytest.mark.parametrize("url", DISGUISES)
def test_no_disguise_leads_inside(url):
    """A name that is no address is asked of a resolver that knows one public host."""

    async def resolve(host, port):
        if host == "news.example":
            return ["93.184.216.34"]
        return await system_resolver(host, port)

    try:
        found = place(url, resolve)
    except Refused:
        return
    assert (found.host, found.address) == ("news.example", "93.184.216.34")


@given(st.text(max_size=60))
def test_any_text_is_a_place_or_refused(text):
    with pytest.raises(Refused):
        place(f"http://{text}", answers("127.0.0.1"))

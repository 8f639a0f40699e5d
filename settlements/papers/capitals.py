"""大写金额: yuan in the capital numerals of bills and statements.

Source: 《支付结算办法》附件一《正确填写票据和结算凭证的基本规定》: an amount that ends with the yuan is
closed by 整; one that ends with the jiao may go without it, and does here; one with fen never has
it. The numerals are cn2an's.
"""

from decimal import Decimal

from settlements.money import MoneyError, yuan

LARGEST = Decimal("9999999999999999.99")  # what an2cn can say


def capitals(amount: Decimal) -> str:
    """The amount (yuan) in capitals: 壹佰贰拾叁万肆仟伍佰陆拾柒元捌角, 零元整, 负叁元整.

    Raises MoneyError for anything but a Decimal, for what is not whole fen, and beyond
    9,999,999,999,999,999.99.
    """
    if not isinstance(amount, Decimal):
        raise MoneyError(f"大写金额只接受 Decimal，不是 {type(amount).__name__}：{amount!r}。")
    value = yuan(amount)
    if abs(value) > LARGEST:
        raise MoneyError(f"金额 {value} 元超出大写金额能写的范围（千万亿以内）。")
    from cn2an import an2cn  # its tables take longer to load than most commands to run

    return str(an2cn(str(value), "rmb"))

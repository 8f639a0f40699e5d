"""`manage.py add_person USERNAME --role admin`: the first two administrators, on the machine itself.

Everybody else is proposed by one of them and approved by the other, on /people/.
"""

import getpass
import sys

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from basins.models import Jurisdiction, Role, User
from basins.refusals import Refused
from basins.services.person_acts import make_on_machine


class Command(BaseCommand):
    help = "在服务器上建立最初两名协议管理员;密码从提示或标准输入读取,不写在命令行上。"

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--role", required=True, choices=Role.Code.values)
        parser.add_argument("--name", default="", help="姓名")
        parser.add_argument("--unit", default="", help="单位")
        parser.add_argument("--jurisdiction", default="", help="区县、乡镇角色的行政区代码")

    def handle(self, *args, username, role, name, unit, jurisdiction, **options):
        if User.objects.filter(username=username).exists():
            raise CommandError(f"用户名“{username}”已有人使用;请换一个。")
        place = None
        if jurisdiction:
            place = Jurisdiction.objects.filter(code=jurisdiction).first()
            if place is None:
                raise CommandError(f"没有代码为“{jurisdiction}”的行政区;请核对 GB/T 2260 代码。")
        elif role in Role.LOCAL:
            raise CommandError("区县、乡镇角色须用 --jurisdiction 指定行政区代码。")
        user = User(username=username, display_name=name, unit=unit, is_staff=True)
        password = self.read_password()
        try:
            user.full_clean(exclude=["password"])
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        try:
            make_on_machine(user=user, password=password, role=role, jurisdiction=place)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"已建立用户 {username}({Role.Code(role).label})。")

    def read_password(self) -> str:
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\n")
        password = getpass.getpass("密码:")
        if password != getpass.getpass("再输一遍:"):
            raise CommandError("两次输入的密码不同;请重新运行。")
        return password
